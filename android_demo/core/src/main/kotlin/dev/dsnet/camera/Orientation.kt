package dev.dsnet.camera

/**
 * Degrees clockwise by which a camera's picture must be turned to be upright for who looks at the display.
 *
 * `sensor`: SENSOR_ORIENTATION, clockwise from the device's natural orientation; `display`: Display.getRotation in degrees;
 * `front`: the camera faces the user, so that the device turns the other way before it.
 */
fun frameRotation(sensor: Int, display: Int, front: Boolean): Int =
    Math.floorMod(if (front) sensor + display else sensor - display, 360)

/** Of a view about its middle: first scaled, then turned by `degrees` clockwise. */
data class ViewTransform(val scaleX: Float, val scaleY: Float, val degrees: Int)

/**
 * What makes a TextureView of `viewWidth` x `viewHeight` show the camera's picture upright, undistorted, and so that it just
 * covers the view.
 *
 * By itself the view stretches the picture to its own size, turned as if the device were held naturally.
 */
fun previewTransform(picture: PictureSize, sensor: Int, display: Int, viewWidth: Int, viewHeight: Int): ViewTransform {
    val (width, height) = turned(picture.width, picture.height, sensor)
    val (coveredWidth, coveredHeight) = turned(width, height, display)
    val zoom = maxOf(viewWidth / coveredWidth.toFloat(), viewHeight / coveredHeight.toFloat())
    return ViewTransform(zoom * width / viewWidth, zoom * height / viewHeight, Math.floorMod(-display, 360))
}

private fun turned(width: Int, height: Int, degrees: Int): Pair<Int, Int> =
    if (degrees % 180 == 0) width to height else height to width
