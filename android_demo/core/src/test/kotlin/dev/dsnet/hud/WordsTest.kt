package dev.dsnet.hud

import java.util.Locale
import kotlin.test.Test
import kotlin.test.assertEquals

class WordsTest {
    private fun spaced(text: String) = text.replace('\u00A0', ' ')

    @Test
    fun `milliseconds`() {
        val told = mapOf(
            4.37 to "4.4 ms", 0.0 to "0.0 ms", 0.02 to "<0.1 ms", 0.05 to "0.1 ms", 99.94 to "99.9 ms", 99.96 to "100 ms",
            1234.6 to "1235 ms", -1.0 to "–", 1e5 to "–", Double.NaN to "–", Double.POSITIVE_INFINITY to "–",
        )
        for ((value, text) in told) assertEquals(text, spaced(ms(value)))
    }

    @Test
    fun `percent is all or nothing only where it is`() {
        val told = mapOf(
            0.0 to "0 %", 0.001 to "<1 %", 0.8714 to "87 %", 0.9949 to "99 %", 0.9999 to ">99 %", 1.0 to "100 %", 1.5 to "–",
            Double.NaN to "–",
        )
        for ((share, text) in told) assertEquals(text, spaced(percent(share)))
    }

    @Test
    fun `multiply-adds`() {
        val told = mapOf(
            4_832L to "4.8 k", 999_499L to "999 k", 3_321_168L to "3.3 M", 465_900_000L to "466 M", 1_200_000_000L to "1.2 G",
        )
        for ((madds, text) in told) assertEquals("$text MAdds", spaced(amount(madds.toDouble(), "MAdds")))
    }

    @Test
    fun `numbers are the same in every language of the phone`() {
        val before = Locale.getDefault()
        try {
            for (locale in listOf(Locale.GERMANY, Locale("ar", "EG"), Locale("fa", "IR"))) {
                Locale.setDefault(locale)
                assertEquals("4.4 ms", spaced(ms(4.37)))
            }
        } finally {
            Locale.setDefault(before)
        }
    }
}
