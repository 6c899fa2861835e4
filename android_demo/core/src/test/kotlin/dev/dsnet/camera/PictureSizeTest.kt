package dev.dsnet.camera

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class PictureSizeTest {
    private fun sizes(vararg pairs: Pair<Int, Int>): List<PictureSize> =
        pairs.map { (width, height) -> PictureSize(width, height) }

    private val phone = sizes(
        4000 to 3000, 1920 to 1080, 1440 to 1080, 1280 to 960, 1280 to 720, 800 to 600, 640 to 480, 320 to 240, 176 to 144,
    )

    @Test
    fun `frames are small and the picture shown is large and of their shape`() {
        assertEquals(Streams(PictureSize(640, 480), PictureSize(1440, 1080)), chooseStreams(phone, phone))
    }

    @Test
    fun `a wide camera shows and classifies the same`() {
        val wide = sizes(3840 to 2160, 1920 to 1080, 1280 to 720, 320 to 180)
        assertEquals(Streams(PictureSize(1280, 720), PictureSize(1920, 1080)), chooseStreams(wide, wide))
    }

    @Test
    fun `a camera with nothing between takes what is nearest to 640 x 480`() {
        val small = sizes(320 to 240, 176 to 144)
        assertEquals(Streams(PictureSize(320, 240), PictureSize(320, 240)), chooseStreams(small, small))
        assertEquals(PictureSize(1600, 1200), chooseStreams(sizes(4000 to 3000, 1600 to 1200), emptyList())?.frames)
    }

    @Test
    fun `a stream of another shape is not shown`() {
        assertEquals(Streams(PictureSize(640, 480), PictureSize(640, 480)), chooseStreams(phone, sizes(1920 to 1080)))
    }

    @Test
    fun `without sizes there are no streams`() {
        assertNull(chooseStreams(emptyList(), phone))
    }
}
