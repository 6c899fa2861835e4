package dev.dsnet.app

import android.content.Context
import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.unpack
import dev.dsnet.screen.isBundleName
import java.io.File
import java.io.IOException

private const val DEMO = "bundles/demo" // among the assets
private const val MANIFEST = "manifest.json"

/**
 * The bundle in the app, and those that were installed: folders in `files/bundles`, where `dsnet-edge android install` puts them,
 * and in the `bundles` folder that the app has on shared storage.
 */
internal class Bundles(private val context: Context) {
    private val roots: List<File> get() = listOfNotNull(File(context.filesDir, "bundles"), context.getExternalFilesDir("bundles"))

    /** Names, in alphabetical order. */
    fun names(): List<String> = roots.flatMap { it.list().orEmpty().toList() }
        .filter { isBundleName(it) && folder(it) != null }.distinct().sorted()

    /** Null where no bundle has this name. Throws [DsnetException]. */
    fun installed(name: String): Bundle? = folder(name)?.let { Bundle.open(it) }

    private fun folder(name: String): File? = roots.map { File(it, name) }.firstOrNull { File(it, MANIFEST).isFile }

    /** The one in the app, unpacked at the first start and after each update of the app. Throws [DsnetException]. */
    fun demo(): Bundle {
        val folder = File(context.filesDir, DEMO.replace('/', '-'))
        return try {
            val assets = context.assets
            val isCurrent = assets.open("$DEMO/$MANIFEST").use { isSame(it.readBytes(), File(folder, MANIFEST)) }
            if (isCurrent) Bundle.open(folder) else unpack({ assets.open("$DEMO/$it") }, folder)
        } catch (error: IOException) {
            val reason = "the demo bundle is not in this app (${error.message})"
            throw DsnetException("$reason; build the app again with: make android", error)
        }
    }

    private fun isSame(bytes: ByteArray, file: File): Boolean =
        file.length() == bytes.size.toLong() && file.readBytes().contentEquals(bytes)
}
