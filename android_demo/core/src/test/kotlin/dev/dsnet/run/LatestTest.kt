package dev.dsnet.run

import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

class LatestTest {
    @Test
    fun `the latest value is taken, and every other is given back`() {
        val latest = Latest<Int>()
        assertNull(latest.poll())
        assertEquals(listOf(null, 1, 2), listOf(1, 2, 3).map(latest::put))
        assertEquals(3, latest.take())
        assertNull(latest.poll())
        assertNull(latest.put(4))
        assertEquals(4, latest.poll())
    }

    @Test
    fun `what is put into a closed one is given back, and nothing can be taken`() {
        val latest = Latest<Int>()
        latest.put(1)
        assertEquals(1, latest.close())
        assertNull(latest.close())
        assertEquals(2, latest.put(2))
        assertNull(latest.take())
        assertNull(latest.poll())
    }

    @Test
    fun `closing wakes whoever waits`() {
        val latest = Latest<Int>()
        val done = CountDownLatch(2)
        repeat(2) {
            thread {
                assertNull(latest.take())
                done.countDown()
            }
        }
        latest.close()
        assertTrue(done.await(10, TimeUnit.SECONDS))
    }

    @Test
    fun `between two threads nothing is lost, doubled or out of order`() {
        val latest = Latest<Int>()
        val taken = ArrayList<Int>()
        val taker = thread { while (true) taken += latest.take() ?: break }
        val returned = ArrayList<Int>()
        val count = 50_000
        for (value in 1..count) latest.put(value)?.let(returned::add)
        latest.close()?.let(returned::add)
        taker.join(10_000)
        assertEquals((1..count).toList(), (taken + returned).sorted())
        assertEquals(taken.sorted(), taken)
    }
}
