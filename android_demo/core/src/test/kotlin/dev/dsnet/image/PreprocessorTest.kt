package dev.dsnet.image

import dev.dsnet.DsnetException
import dev.dsnet.bundle.InputSpec
import dev.dsnet.bundle.Interpolation
import java.lang.management.ManagementFactory
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class PreprocessorTest {
    private val plain = InputSpec(4, 4, listOf(0f, 0f, 0f), listOf(1f, 1f, 1f), 4, Interpolation.BILINEAR)

    private fun input(spec: InputSpec): FloatBuffer =
        ByteBuffer.allocateDirect(4 * 3 * spec.height * spec.width).order(ByteOrder.nativeOrder()).asFloatBuffer()

    private fun filled(spec: InputSpec, fill: (FloatBuffer) -> Unit): FloatArray {
        val into = input(spec).also(fill)
        return FloatArray(into.remaining()).also { into.get(it) }
    }

    private fun bits(numbers: FloatArray) = IntArray(numbers.size) { numbers[it].toRawBits() }

    @Test
    fun `camera frames become bit for bit what Python makes of them`() {
        val cases = GoldenPictures.frames()
        assertTrue(cases.size > 60)
        val strides = cases.map { it.frame.u.pixelStride to it.frame.rotation }.toSet()
        assertEquals(8, strides.size, "both pixel strides turned every way: $strides")
        for ((index, case) in cases.withIndex()) {
            val found = filled(case.spec) { Preprocessor(case.spec).frame(case.frame, it) }
            val what = "frame $index: ${case.frame.width} x ${case.frame.height} turned by ${case.frame.rotation}, ${case.spec}"
            assertContentEquals(bits(case.expected), bits(found), what)
        }
    }

    @Test
    fun `photos become bit for bit what Python makes of them`() {
        for ((index, case) in GoldenPictures.photos().withIndex()) {
            val found = filled(case.spec) { Preprocessor(case.spec).photo(case.image, it) }
            assertContentEquals(bits(case.expected), bits(found), "photo $index, ${case.spec}")
        }
    }

    @Test
    fun `one preprocessor serves pictures of changing geometry`() {
        for ((spec, cases) in GoldenPictures.frames().groupBy { it.spec }) {
            val preprocessor = Preprocessor(spec)
            val photos = GoldenPictures.photos().filter { it.spec == spec }
            repeat(2) {
                for (case in cases.reversed()) {
                    assertContentEquals(bits(case.expected), bits(filled(spec) { preprocessor.frame(case.frame, it) }))
                    val photo = photos.firstOrNull() ?: continue
                    assertContentEquals(bits(photo.expected), bits(filled(spec) { preprocessor.photo(photo.image, it) }))
                }
            }
        }
    }

    @Test
    fun `a second frame of the same geometry allocates nothing`() {
        val threads = ManagementFactory.getThreadMXBean() as com.sun.management.ThreadMXBean
        val case = GoldenPictures.frames().first { it.frame.rotation == 90 }
        val preprocessor = Preprocessor(case.spec)
        val into = input(case.spec)
        fun allocated(frames: Int): Long {
            val before = threads.getThreadAllocatedBytes(Thread.currentThread().id)
            repeat(frames) { preprocessor.frame(case.frame, into) }
            return threads.getThreadAllocatedBytes(Thread.currentThread().id) - before
        }
        allocated(2)
        assertTrue(allocated(40) - allocated(1) < 39 * 16, "an object a frame")
    }

    @Test
    fun `a plane that is too short is refused and names itself`() {
        fun plane(bytes: Int, rowStride: Int, pixelStride: Int = 1) = Plane(ByteBuffer.allocate(bytes), rowStride, pixelStride)
        fun complaint(y: Plane, u: Plane, v: Plane, rotation: Int = 0): String {
            val frame = YuvFrame(7, 5, y, u, v, rotation)
            return checkNotNull(assertFailsWith<DsnetException> { Preprocessor(plain).frame(frame, input(plain)) }.message)
        }
        val y = plane(4 * 8 + 7, 8)
        val u = plane(2 * 8 + 7, 8, 2)
        Preprocessor(plain).frame(YuvFrame(7, 5, y, u, u, 0), input(plain))
        assertContains(complaint(plane(4 * 8 + 6, 8), u, u), "plane y of a frame: 38 bytes with strides 8 and 1, 39 needed")
        assertContains(complaint(y, plane(2 * 8 + 6, 8, 2), u), "plane u of a frame: 22 bytes with strides 8 and 2, 23 needed")
        assertContains(complaint(y, u, plane(100, 0)), "plane v of a frame")
        assertContains(complaint(y, u, plane(100, 1 shl 30)), "plane v of a frame")
        assertContains(complaint(y, u, u, 45), "a frame of 7 x 5 turned by 45")
    }

    @Test
    fun `a picture or an input of another size than it says is refused`() {
        val preprocessor = Preprocessor(plain)
        assertFailsWith<DsnetException> { preprocessor.photo(RgbImage(2, 2, ByteArray(11)), input(plain)) }
        assertFailsWith<DsnetException> { preprocessor.photo(RgbImage(0, 2, ByteArray(0)), input(plain)) }
        assertFailsWith<DsnetException> { preprocessor.photo(RgbImage(2, 2, ByteArray(12)), FloatBuffer.allocate(47)) }
    }
}
