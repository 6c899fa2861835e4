package dev.dsnet

import java.io.File

/** What the build gives to tests: a bundle of the demo model, what golden_vectors.py wrote, and the demo's photos. */
object TestFolders {
    val bundle: File get() = folder("dsnet.bundle")
    val golden: File get() = folder("dsnet.golden")
    val photos: File get() = folder("dsnet.photos")

    private fun folder(property: String): File {
        val path = checkNotNull(System.getProperty(property)) { "run the tests with -D$property=FOLDER (make android-test)" }
        return File(path).also { check(it.isDirectory) { "$it: no such folder; make android-test makes it" } }
    }
}

/** A copy of the demo bundle in a folder of its own, gone when `work` is done. */
fun <T> withBundleCopy(work: (File) -> T): T = withScratch { scratch ->
    val copy = File(scratch, "bundle")
    check(TestFolders.bundle.copyRecursively(copy))
    work(copy)
}

fun <T> withScratch(work: (File) -> T): T {
    val folder = java.nio.file.Files.createTempDirectory("dsnet").toFile()
    return try {
        work(folder)
    } finally {
        folder.deleteRecursively()
    }
}
