package dev.dsnet.hud

/**
 * Colours (ARGB) over a camera picture. Cards are so opaque that text on them has a contrast of 4.5 : 1 and a bar one of 3 : 1
 * (WCAG 2.1, AA) whatever the picture is.
 */
data class Theme(
    val card: Int,
    val scrim: Int, // behind the system's bars
    val text: Int,
    val quiet: Int, // text that explains
    val warning: Int, // text
    val accent: Int, // what belongs to this frame
    val bar: Int, // what belongs to others
    val stages: List<Int>, // bars of preprocessing, prefix, gate and suffix
) {
    companion object {
        val DARK: Theme = Theme(
            card = argb(0xE0101517),
            scrim = argb(0x99101517),
            text = argb(0xFFF3F6F7),
            quiet = argb(0xFFC2CBCF),
            warning = argb(0xFFFFC27A),
            accent = argb(0xFF7ADBC8),
            bar = argb(0xFF8E999E),
            stages = listOf(argb(0xFF9AA5AA), argb(0xFF57B8A7), argb(0xFFF0C674), argb(0xFF8FE3D3)),
        )

        val LIGHT: Theme = Theme(
            card = argb(0xEBFAFCFC),
            scrim = argb(0x99FAFCFC),
            text = argb(0xFF151B1D),
            quiet = argb(0xFF40494D),
            warning = argb(0xFF7A4100),
            accent = argb(0xFF006B5B),
            bar = argb(0xFF7B868A),
            stages = listOf(argb(0xFF768186), argb(0xFF23897A), argb(0xFF8F6400), argb(0xFF005246)),
        )
    }
}

private fun argb(colour: Long): Int = colour.toInt()
