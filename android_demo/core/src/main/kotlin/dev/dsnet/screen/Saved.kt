package dev.dsnet.screen

import dev.dsnet.engine.Backend

/** Of a screen, what survives a rotation or the process: the settings, and that the user was asked for the camera. */
fun saved(screen: Screen): Map<String, String> {
    val values = linkedMapOf("backend" to screen.settings.backend.backend, "paused" to screen.settings.paused.toString())
    screen.settings.bundle?.let { values["bundle"] = it }
    screen.settings.budget?.let { values["budget"] = it.toString() }
    screen.settings.path?.let { values["path"] = it.toString() }
    screen.permission.takeIf { it in asked }?.let { values["permission"] = it.name }
    return values
}

private val asked = listOf(Permission.ASKED, Permission.DENIED, Permission.DENIED_FOR_EVER)

/** A new screen with what [saved] kept. What is missing or makes no sense is as it was at the first start. */
fun restored(values: Map<String, String>): Screen {
    val settings = Settings(
        backend = Backend.values().firstOrNull { it.backend == values["backend"] } ?: Backend.SLICED,
        bundle = values["bundle"]?.takeIf(::isBundleName),
        budget = values["budget"]?.toDoubleOrNull()?.takeIf { it in 0.0..1.0 },
        path = values["path"]?.toIntOrNull()?.takeIf { it >= 0 },
        paused = values["paused"] == "true",
    )
    return Screen(settings, permission = asked.firstOrNull { it.name == values["permission"] } ?: Permission.UNKNOWN)
}

/**
 * Whether a text, from an intent or a saved state, may name a folder of a bundle: that it stays inside the folder of all bundles.
 */
fun isBundleName(text: String): Boolean =
    text.length in 1..100 && text[0] != '.' && text.all { it in 'a'..'z' || it in 'A'..'Z' || it in '0'..'9' || it in "._-+" }
