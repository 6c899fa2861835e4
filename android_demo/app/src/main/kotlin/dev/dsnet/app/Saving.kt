package dev.dsnet.app

import android.os.Bundle

private const val SCREEN = "screen"

/** Texts by their names, in a state that the system keeps for a new Activity. */
internal fun Bundle.putScreen(values: Map<String, String>) {
    val texts = Bundle()
    for ((name, value) in values) texts.putString(name, value)
    putBundle(SCREEN, texts)
}

internal fun Bundle.screen(): Map<String, String> {
    val texts = getBundle(SCREEN) ?: return emptyMap()
    return texts.keySet().mapNotNull { name -> texts.getString(name)?.let { name to it } }.toMap()
}
