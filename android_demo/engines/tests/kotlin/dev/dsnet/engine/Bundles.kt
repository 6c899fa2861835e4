package dev.dsnet.engine

import dev.dsnet.bundle.Bundle
import org.json.JSONObject
import java.io.File
import java.nio.file.Files
import java.security.MessageDigest

/** What engines/tests/run.sh converted: `demo`, every path; `other`, three of them in the other layout of files; `int8` and `fp16`, two. */
internal fun bundle(name: String): Bundle = Bundle.open(File(System.getProperty("dsnet.bundles"), name))

/** A copy of the bundle `name` in which a file has another content, and a manifest that agrees with it. */
internal fun withFile(name: String, file: String, content: ByteArray): Bundle {
    val copy = Files.createTempDirectory("bundle").toFile()
    File(System.getProperty("dsnet.bundles"), name).copyRecursively(copy, overwrite = true)
    File(copy, file).writeBytes(content)
    val manifest = File(copy, "manifest.json")
    val json = JSONObject(manifest.readText())
    json.getJSONObject("files").put(file, JSONObject(mapOf("bytes" to content.size, "sha256" to sha256(content))))
    manifest.writeText(json.toString())
    return Bundle.open(copy)
}

private fun sha256(content: ByteArray): String =
    MessageDigest.getInstance("SHA-256").digest(content).joinToString("") { "%02x".format(it) }
