package dev.dsnet.json

/** Text that is not JSON. `message` says what is wrong where, in a few words for a sentence of the caller's. */
internal class JsonException(message: String) : Exception(message)

/**
 * The value that a text is, by RFC 8259 to the letter: a Map of names to values, a List, a String, a Double, a Boolean or null.
 *
 * `org.json` is laxer: it takes comments, missing quotes, trailing commas and NaN, and deep nesting overflows its stack. Numbers
 * are doubles, so integers are exact up to 2^53; of two fields of one name the later counts, both as in Python.
 */
internal fun parseJson(text: String): Any? = JsonParser(text).document()

private const val DEEPEST = 100

private class JsonParser(private val text: String) {
    private var at = 0

    fun document(): Any? {
        val value = value(0)
        space()
        if (at < text.length) fail("more text after the value")
        return value
    }

    private fun value(depth: Int): Any? {
        if (depth > DEEPEST) fail("nested more than $DEEPEST deep")
        space()
        return when (peek()) {
            '{' -> members(depth)
            '[' -> elements(depth)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun members(depth: Int): Map<String, Any?> {
        val found = LinkedHashMap<String, Any?>()
        at++
        space()
        if (skip('}')) return found
        do {
            space()
            if (peek() != '"') fail("a name in quotes expected")
            val name = string()
            space()
            if (!skip(':')) fail("':' expected")
            found[name] = value(depth + 1)
            space()
        } while (skip(','))
        if (!skip('}')) fail("',' or '}' expected")
        return found
    }

    private fun elements(depth: Int): List<Any?> {
        val found = ArrayList<Any?>()
        at++
        space()
        if (skip(']')) return found
        do {
            found += value(depth + 1)
            space()
        } while (skip(','))
        if (!skip(']')) fail("',' or ']' expected")
        return found
    }

    private fun string(): String {
        val found = StringBuilder()
        at++
        while (true) {
            val letter = peek() ?: fail("a string without an end")
            at++
            when {
                letter == '"' -> return found.toString()
                letter == '\\' -> found.append(escaped())
                letter < ' ' -> fail("a control character in a string")
                else -> found.append(letter)
            }
        }
    }

    private fun escaped(): Char {
        val letter = peek()
        at++
        return when (letter) {
            '"', '\\', '/' -> letter
            'b' -> '\b'
            'f' -> '\u000c'
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'u' -> unicode()
            else -> fail("an unknown escape in a string")
        }
    }

    private fun unicode(): Char {
        var code = 0
        repeat(4) {
            val digit = "0123456789abcdef".indexOf((peek() ?: ' ').lowercaseChar())
            if (digit < 0) fail("four hexadecimal digits expected after \\u")
            code = code * 16 + digit
            at++
        }
        return code.toChar()
    }

    private fun number(): Double {
        val start = at
        skip('-')
        if (!skip('0')) digits()
        if (skip('.')) digits()
        if (skip('e') || skip('E')) {
            if (!skip('+')) skip('-')
            digits()
        }
        return text.substring(start, at).toDouble()
    }

    private fun digits() {
        val start = at
        while ((peek() ?: ' ') in '0'..'9') at++
        if (at == start) fail("a value expected")
    }

    private fun <T> word(word: String, value: T): T {
        if (!text.startsWith(word, at)) fail("a value expected")
        at += word.length
        return value
    }

    private fun space() {
        while (at < text.length && text[at] in " \t\n\r") at++
    }

    private fun peek(): Char? = if (at < text.length) text[at] else null

    private fun skip(letter: Char): Boolean = (peek() == letter).also { if (it) at++ }

    private fun fail(what: String): Nothing {
        val line = 1 + text.substring(0, minOf(at, text.length)).count { it == '\n' }
        throw JsonException("$what, at character $at, line $line")
    }
}
