package dev.dsnet.app.benchmark

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import dev.dsnet.measure.PROFILE_FILE
import dev.dsnet.measure.isRunName
import java.io.File
import java.io.FileNotFoundException

/** Lets the app that a profile is shared with read that one file, and no other. */
class ProfileProvider : ContentProvider() {
    override fun onCreate(): Boolean = true

    override fun getType(uri: Uri): String = TYPE

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        if (mode != "r") throw FileNotFoundException("a profile can be read only")
        return ParcelFileDescriptor.open(file(uri), ParcelFileDescriptor.MODE_READ_ONLY)
    }

    /** Name and size, which mail programs ask for. */
    override fun query(uri: Uri, columns: Array<String>?, where: String?, arguments: Array<String>?, order: String?): Cursor {
        val file = file(uri)
        val known = mapOf<String, Any>(DISPLAY_NAME to file.name, SIZE to file.length())
        val asked = columns?.filter { it in known } ?: known.keys.toList()
        return MatrixCursor(asked.toTypedArray()).apply { addRow(asked.map { known.getValue(it) }.toTypedArray()) }
    }

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, where: String?, arguments: Array<String>?): Int = 0

    override fun delete(uri: Uri, where: String?, arguments: Array<String>?): Int = 0

    private fun file(uri: Uri): File {
        val (run, name) = uri.pathSegments?.takeIf { it.size == 2 } ?: throw FileNotFoundException("$uri is no profile")
        val file = File(context?.filesDir, "benchmarks/$run/$PROFILE_FILE")
        if (!isRunName(run) || name != PROFILE_FILE || !file.isFile) throw FileNotFoundException("$uri is no profile")
        return file
    }

    internal companion object {
        const val TYPE = "application/json"
        private const val DISPLAY_NAME = "_display_name" // of OpenableColumns
        private const val SIZE = "_size"
        private const val AUTHORITY = "dev.dsnet.demo.profiles"

        fun address(run: String): Uri = Uri.parse("content://$AUTHORITY/$run/$PROFILE_FILE")
    }
}
