package dev.dsnet.energy

import dev.dsnet.DsnetException

private const val FEWEST = 5 // samples
private const val LONGEST_S = 20.0

/** What [liveMj] sees, for the people who look at it. */
const val LIVE_SOURCE: String = "whole phone"

/** The samples of the latest seconds, with one more. */
fun latest(samples: List<BatterySample>, next: BatterySample): List<BatterySample> =
    samples.filter { it.atS < next.atS && next.atS - it.atS <= LONGEST_S } + next

/**
 * Millijoules a frame at this rate, of the whole phone, screen and camera included: its mean power over these samples. For the
 * energy of an inference alone take [pathEnergy], which leaves out what the phone uses at rest.
 *
 * Throws [DsnetException] with the reason while that cannot be told: too few samples, a phone that is charged or does not
 * measure.
 */
fun liveMj(samples: List<BatterySample>, framesPerSecond: Double): Double = liveMj(batteryAccount(samples), framesPerSecond)

/** The same of what another meter counted. */
fun liveMj(account: Account, framesPerSecond: Double): Double {
    if (!(framesPerSecond > 0)) throw DsnetException("no frames to share the energy; start the camera")
    val seconds = account.atS.last() - account.atS.first()
    if (account.atS.size < FEWEST || seconds <= 0) throw DsnetException("too few readings of the meter; wait some seconds")
    return 1000 * account.joules.last() / seconds / framesPerSecond
}
