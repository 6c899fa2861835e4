package dev.dsnet.run

import dev.dsnet.TestFolders
import dev.dsnet.bundle.Bundle
import dev.dsnet.image.RgbImage
import dev.dsnet.routing.gatePolicy
import dev.dsnet.routing.maddsCosts
import dev.dsnet.routing.sharePolicy
import dev.dsnet.sliced.SlicedRuntime
import java.io.DataInputStream
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class PredictionsTest {
    private val bundle = Bundle.open(TestFolders.bundle)

    @Test
    fun `photos take the paths and get the labels that they get in Python, under every policy`() {
        val paths = HashSet<Int>()
        DataInputStream(File(TestFolders.golden, "predictions.bin").inputStream().buffered()).use { stream ->
            SlicedRuntime.open(bundle, 1).use { engine ->
                repeat(stream.readInt()) {
                    val runner = Runner(bundle, engine)
                    val bias = stream.readDouble()
                    val share = stream.readDouble()
                    runner.policy = when {
                        share < 0 -> gatePolicy(bundle.manifest, bias)
                        else -> sharePolicy(bundle.manifest, maddsCosts(bundle.manifest), share)
                    }
                    repeat(stream.readInt()) { photo ->
                        paths += compare(stream, runner, "photo $photo, bias $bias, share $share")
                    }
                }
            }
            assertEquals(-1, stream.read())
        }
        assertTrue(paths.size > 2, "the policies lead to other paths: $paths")
    }

    private fun compare(stream: DataInputStream, runner: Runner, what: String): Int {
        val (width, height, bytes) = List(3) { stream.readInt() }
        val found = runner.photo(RgbImage(width, height, ByteArray(bytes).also(stream::readFully)))
        assertEquals(stream.readInt(), found.path, "path of $what")
        assertEquals(stream.readDouble(), found.bias, 1e-3, "bias of $what")
        for (ranked in found.top) {
            assertEquals(stream.readUTF(), ranked.label, what)
            assertEquals(stream.readDouble(), ranked.probability, 1e-4, what)
        }
        return found.path
    }
}
