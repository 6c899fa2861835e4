package dev.dsnet.image

import dev.dsnet.bundle.InputSpec
import kotlin.math.max
import kotlin.math.min

/**
 * How a picture of one size, which must be turned clockwise by `rotation` degrees to be upright, is sampled: short side to
 * `spec.resize`, centre crop.
 *
 * The picture is never turned. `across` runs along its rows and `down` along its columns, as they lie; their outputs count in the
 * upright input's order. Where `turned`, the input's rows are outputs of `across`.
 */
internal class Geometry(spec: InputSpec, val width: Int, val height: Int, val rotation: Int) {
    val turned: Boolean = rotation % 180 != 0
    val across: Taps
    val down: Taps

    /** Which pass comes first decides how the bytes between the two are rounded. */
    val downFirst: Boolean

    init {
        val uprightWidth = if (turned) height else width
        val uprightHeight = if (turned) width else height
        val scale = spec.resize.toDouble() / min(width, height)
        val columns = centred(uprightWidth, spec.width, scale, spec)
        val rows = centred(uprightHeight, spec.height, scale, spec)
        val (alongRows, alongColumns) = if (turned) rows to columns else columns to rows
        across = if (rotation == 180 || rotation == 270) alongRows.mirrored(width) else alongRows
        down = if (rotation == 180 || rotation == 90) alongColumns.mirrored(height) else alongColumns
        downFirst = columnsFirst(uprightWidth, uprightHeight, spec) != turned
    }

    fun fits(width: Int, height: Int, rotation: Int): Boolean =
        width == this.width && height == this.height && rotation == this.rotation
}

/**
 * Of the upright picture, as Pillow 13 decides. Pillow 12 always resizes rows first, which differs by one level here and there.
 */
private fun columnsFirst(width: Int, height: Int, spec: InputSpec): Boolean =
    spec.height < height && 2 * (width - spec.width) < height - spec.height

/** The middle of `size` pixels that becomes `outputs`. A small picture's crop may exceed it by a rounding error, and is cut. */
private fun centred(size: Int, outputs: Int, scale: Double, spec: InputSpec): Taps {
    val crop = outputs / scale
    val begin = (size - crop) / 2
    val end = min(begin + crop, size.toDouble())
    return taps(size, max(begin, 0.0).toFloat(), end.toFloat(), outputs, spec.interpolation)
}
