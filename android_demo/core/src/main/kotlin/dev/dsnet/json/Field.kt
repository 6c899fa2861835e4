package dev.dsnet.json

/** A field that is missing, unknown or not what it should be. `message` names it. */
internal class FieldException(message: String) : Exception(message)

/** A value of a JSON document, and its place there, such as `paths[3].madds`. Everything throws [FieldException]. */
internal class Field(val place: String, private val value: Any?) {
    /** The members of an object that has all of `required` and nothing but these and `optional`. */
    fun members(required: List<String>, optional: List<String> = emptyList()): Map<String, Field> {
        val members = members()
        required.firstOrNull { it !in members }?.let { throw FieldException("$place has no field '$it'") }
        members.keys.firstOrNull { it !in required && it !in optional }?.let {
            throw FieldException("$place has a field ${shown(it)} that is unknown")
        }
        return members
    }

    /** The members of an object of any names. */
    fun members(most: Int = Int.MAX_VALUE): Map<String, Field> {
        val fields = value as? Map<*, *> ?: mustBe("an object")
        if (fields.size > most) throw FieldException("$place has ${fields.size} fields, at most $most expected")
        return fields.entries.associate { (name, item) -> name.toString() to Field(member(name.toString()), item) }
    }

    fun has(name: String): Boolean = (value as? Map<*, *>)?.containsKey(name) == true

    fun list(sizes: IntRange): List<Field> {
        val items = value as? List<*>
        if (items == null || items.size !in sizes) mustBe("a list of ${sizes.first} to ${sizes.last}")
        return items.mapIndexed { index, item -> Field("$place[$index]", item) }
    }

    /** 224.0 is an integer, as in JSON Schema. */
    fun integer(least: Long, most: Long): Long {
        val number = value as? Double
        if (number == null || number % 1 != 0.0 || number < least || number > most) mustBe("an integer from $least to $most")
        return number.toLong()
    }

    fun number(least: Double, most: Double): Double {
        val number = value as? Double
        if (number == null || !(number >= least && number <= most)) mustBe("a number from $least to $most")
        return number
    }

    fun oneOf(words: List<String>): String =
        (value as? String)?.takeIf { it in words } ?: mustBe("one of ${words.joinToString(", ")}")

    /** A string of at most `longest` characters that is all of `pattern`. */
    fun text(pattern: Regex, expected: String, longest: Int = Int.MAX_VALUE): String {
        val text = value as? String
        if (text == null || text.codePointCount(0, text.length) > longest || !pattern.matches(text)) mustBe(expected)
        return text
    }

    fun mustBe(expected: String): Nothing = throw FieldException("$place must be $expected, found ${shown(value)}")

    private fun member(name: String): String =
        (if (place == WHOLE) name else "$place.$name").take(100).map(::printable).joinToString("")

    companion object {
        /** The place of a whole document. */
        const val WHOLE = "the file"
    }
}

/** Cut short and printable: it goes into a message, and may be anything. */
internal fun shown(value: Any?): String {
    val text = when (value) {
        is Map<*, *> -> "an object"
        is List<*> -> "a list of ${value.size}"
        is String -> "'${if (value.length <= 30) value else value.take(12) + "..." + value.takeLast(12)}'"
        is Double -> if (value % 1 == 0.0 && value > -1e15 && value < 1e15) value.toLong().toString() else value.toString()
        else -> value.toString()
    }
    return text.map(::printable).joinToString("")
}

private fun printable(letter: Char): Char =
    if (letter.isISOControl() || letter.isSurrogate() || letter.category in UNSEEN) '?' else letter

private val UNSEEN = setOf(
    CharCategory.FORMAT,
    CharCategory.LINE_SEPARATOR,
    CharCategory.PARAGRAPH_SEPARATOR,
    CharCategory.UNASSIGNED,
    CharCategory.PRIVATE_USE,
)
