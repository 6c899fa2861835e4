package dev.dsnet.routing

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Manifest

/** What the paths cost, the slimmest first: by a profile in milliseconds or millijoules, else by their multiply-adds. */
data class Costs(val unit: CostUnit, val values: List<Double>)

/** Known of every bundle, on a phone that nothing has been measured on too. */
fun maddsCosts(manifest: Manifest): Costs = Costs(CostUnit.MADDS, manifest.paths.map { it.madds.toDouble() })

/** The gate with a constant bias; 0 is the gate as it was trained. Throws [DsnetException] for a bias that is not finite. */
fun gatePolicy(manifest: Manifest, bias: Double = 0.0): Policy {
    if (bias.isNaN() || bias.isInfinite()) {
        throw DsnetException("a bias must be a finite number, found $bias; 0 is the gate as it was trained")
    }
    val widest = manifest.paths.maxOf { it.madds }.toDouble()
    return Policy(manifest.paths.map { it.madds / widest }, bias)
}

/**
 * A budget of `amount`, in the unit of `costs`, an image on average.
 *
 * Throws [DsnetException] where the costs are not those of a path each, or the budget is below the slimmest path's.
 */
fun budgetPolicy(manifest: Manifest, costs: Costs, amount: Double): Policy {
    if (costs.values.size != manifest.paths.size || !costs.values.all { it > 0 && it < Double.POSITIVE_INFINITY }) {
        throw DsnetException("${costs.values.size} costs for ${manifest.paths.size} paths; measure this bundle again")
    }
    if (amount.isNaN() || amount.isInfinite()) throw DsnetException("a budget must be a finite number, found $amount")
    if (amount < costs.values.first()) {
        val least = "${costs.values.first()} ${costs.unit.symbol}"
        throw DsnetException("a budget of $amount is below path 0, the slimmest, which costs $least; allow that")
    }
    return gatePolicy(manifest).copy(budget = Budget(costs.unit, amount, costs.values))
}

/** A budget between the slimmest path (`share` 0) and the widest (1), lowered to the share of it that heat leaves. */
fun sharePolicy(manifest: Manifest, costs: Costs, share: Double, heat: Double = 1.0): Policy {
    val slimmest = costs.values.firstOrNull() ?: 0.0
    val above = (costs.values.lastOrNull() ?: 0.0) - slimmest
    val policy = budgetPolicy(manifest, costs, slimmest + share.coerceIn(0.0, 1.0) * above.coerceAtLeast(0.0))
    return policy.copy(budget = policy.budget?.lowered(heat.coerceIn(0.0, 1.0)))
}
