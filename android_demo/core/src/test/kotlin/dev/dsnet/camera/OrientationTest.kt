package dev.dsnet.camera

import kotlin.math.abs
import kotlin.math.cos
import kotlin.math.sin
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class OrientationTest {
    @Test
    fun `a frame of a back camera is turned against the display`() {
        // A phone's sensor lies across: held upright its picture needs a quarter turn; held on its left side (display 90) none.
        assertEquals(listOf(90, 0, 270, 180), listOf(0, 90, 180, 270).map { frameRotation(90, it, front = false) })
        // A tablet whose natural orientation is that of its sensor.
        assertEquals(listOf(0, 270, 180, 90), listOf(0, 90, 180, 270).map { frameRotation(0, it, front = false) })
    }

    @Test
    fun `a frame of a front camera is turned with the display`() {
        assertEquals(listOf(270, 0, 90, 180), listOf(0, 90, 180, 270).map { frameRotation(270, it, front = true) })
    }

    @Test
    fun `a portrait picture in a taller view is as high as the view and cut at its sides`() {
        // 640 x 480 turned to 480 x 640 in 900 x 1600: 2.5 times as large is 1200 x 1600, which is 4/3 of the view's width.
        assertEquals(ViewTransform(1200f / 900, 1f, 0), previewTransform(PictureSize(640, 480), 90, 0, 900, 1600))
    }

    @Test
    fun `on its side the view's own turn is undone`() {
        // 1600 x 900 must be covered by 640 x 480: 2.5 times is 1600 x 1200. Before the turn that is 1200 wide and 1600 high.
        assertEquals(ViewTransform(1200f / 1600, 1600f / 900, 270), previewTransform(PictureSize(640, 480), 90, 90, 1600, 900))
        assertEquals(ViewTransform(1200f / 1600, 1600f / 900, 90), previewTransform(PictureSize(640, 480), 90, 270, 1600, 900))
    }

    @Test
    fun `every picture covers every view and keeps its shape`() {
        for (sensor in listOf(0, 90, 180, 270)) {
            for (display in listOf(0, 90, 180, 270)) {
                for ((width, height) in listOf(1080 to 2400, 2400 to 1080, 800 to 600, 500 to 500)) {
                    val picture = PictureSize(1280, 720)
                    val shown = shownSize(previewTransform(picture, sensor, display, width, height), width, height)
                    val sideways = (sensor + display) % 180 != 0
                    val shape = if (sideways) 720.0 / 1280 else 1280.0 / 720
                    val what = "sensor $sensor, display $display, view $width x $height"
                    assertEquals(shape, shown.first / shown.second, 1e-5, what)
                    val (roomX, roomY) = shown.first - width to shown.second - height
                    assertTrue(roomX > -0.01 && roomY > -0.01, "$shown does not cover $width x $height")
                    assertTrue(minOf(roomX, roomY) < 0.01, "$shown is larger than $width x $height needs")
                }
            }
        }
    }

    /** Width and height of the view's rectangle after the transform. */
    private fun shownSize(transform: ViewTransform, width: Int, height: Int): Pair<Double, Double> {
        val (x, y) = transform.scaleX.toDouble() * width to transform.scaleY.toDouble() * height
        val angle = Math.toRadians(transform.degrees.toDouble())
        return abs(x * cos(angle)) + abs(y * sin(angle)) to abs(x * sin(angle)) + abs(y * cos(angle))
    }
}
