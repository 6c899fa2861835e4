package dev.dsnet

/** Something a user can mend. `message` is one line: what is wrong where, what was expected, and what to do. */
open class DsnetException(message: String, cause: Throwable? = null) : Exception(message, cause)
