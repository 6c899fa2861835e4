package dev.dsnet.measure

import dev.dsnet.TestFolders
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class GoldenCheckerTest {
    private val bundle = Bundle.open(TestFolders.bundle)

    private fun checked(fault: Fault): GoldenCheck =
        checkGolden(CheckJob(bundle.folder, Backend.SLICED, 1), bundle, recorded(Backend.SLICED, fault))

    @Test
    fun `what the bundle says itself passes`() {
        val found = checked(Fault.NONE)
        assertTrue(found.passed)
        assertEquals(0.0, found.worst)
        assertEquals(bundle.manifest.paths.size, found.pathErrors.size)
    }

    @Test
    fun `one logit of one path, a value that is no number, or another path is a miss`() {
        val other = checked(Fault.OTHER_LOGITS)
        assertEquals(listOf(1), other.pathErrors.indices.filter { other.pathErrors[it] > other.tolerance })
        assertEquals(Double.MAX_VALUE, checked(Fault.NOT_A_NUMBER).worst)
        val path = checked(Fault.OTHER_PATH)
        assertEquals(path.images, path.wrongChoices)
        for (found in listOf(other, path)) assertFalse(found.passed)
    }
}
