package dev.dsnet.engine

import dev.dsnet.bundle.BackendFiles
import dev.dsnet.bundle.Bundle
import java.util.Locale

/** Names of stages: of their methods or signatures, where one file has them all. */
const val PREFIX = "prefix"
const val GATE = "gate"

internal fun suffixStage(path: Int): String = String.format(Locale.ROOT, "suffix_%02d", path)

/** The name of every stage's file, by stage. Throws [EngineException] where the bundle has none for this backend. */
internal fun stageFiles(bundle: Bundle, backend: Backend): Map<String, String> {
    val suffixes = bundle.manifest.paths.indices.map(::suffixStage)
    return when (val files = bundle.manifest.backends[backend.backend]) {
        null -> throw EngineException(
            "${bundle.manifest.name}: has no files for ${backend.title}; convert it with --to ${backend.backend}",
        )
        is BackendFiles.OneFile -> (listOf(PREFIX, GATE) + suffixes).associateWith { files.file }
        is BackendFiles.Staged -> mapOf(PREFIX to files.prefix, GATE to files.gate) + suffixes.zip(files.suffixes)
    }
}
