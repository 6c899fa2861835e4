package dev.dsnet.bundle

import java.io.File

/** A folder that a device needs nothing else with (docs/bundle.md). `labels`: one a class. */
class Bundle(val folder: File, val manifest: Manifest, val labels: List<String>) {
    /** A file that the manifest lists. */
    fun file(name: String): File = File(folder, name)
}
