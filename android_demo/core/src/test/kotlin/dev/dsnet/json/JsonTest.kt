package dev.dsnet.json

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class JsonTest {
    @Test
    fun `values are what RFC 8259 says`() {
        val text = """ {"a": [1, -0.5e1, 0, 20E-1, true, false, null], "b": {}, "c": [], "d": "\"\\\/\b\f\n\r\té😀"} """
        val expected = mapOf(
            "a" to listOf(1.0, -5.0, 0.0, 2.0, true, false, null),
            "b" to emptyMap<String, Any?>(),
            "c" to emptyList<Any?>(),
            "d" to "\"\\/\b\u000c\n\r\té\ud83d\ude00",
        )
        assertEquals<Any?>(expected, parseJson(text))
        assertEquals<Any?>(mapOf("a" to 2.0), parseJson("""{"a": 1, "a": 2}"""))
        assertEquals<Any?>("", parseJson("\"\""))
    }

    @Test
    fun `what is no JSON is refused`() {
        val texts = listOf(
            "", " ", "{", "[", "\"",
            "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}",
            "[1 2]", "[,1]", "nul", "NaN",
            "Infinity", "-",
            "01", "1.", ".5", "+1", "1e", "0x10", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "1 1", "// c\n1",
            "[1]]", "\u00a01", "\"\\", "[".repeat(100_000), "tru", "--1", "1e+",
        )
        for (text in texts) assertFailsWith<JsonException>(text.take(20)) { parseJson(text) }
    }

    @Test
    fun `an error says where it is`() {
        val error = assertFailsWith<JsonException> { parseJson("{\n \"a\": 1\n \"b\": 2}") }
        assertEquals("',' or '}' expected, at character 11, line 3", error.message)
    }
}
