package dev.dsnet.routing

import kotlin.math.min

internal const val WINDOW = 64 // images by whose scores a budget finds its bias
private const val EVERY = 16 // images after which it looks again; sooner at first, after 1, 2, 4 and 8

/** What the costs of paths and a budget are in. */
enum class CostUnit(val symbol: String) { MS("ms"), MJ("mJ"), MADDS("MAdds") }

/** What an image may cost on average: no less than the slimmest path does. `costs`: of the paths. */
data class Budget(val unit: CostUnit, val amount: Double, val costs: List<Double>) {
    /** The one that every image takes where the budget leaves no choice, or pays for the widest path every time. */
    val onlyPath: Int?
        get() = when {
            amount >= costs.last() -> costs.lastIndex
            amount <= costs.first() -> 0
            else -> null
        }

    /** To `share` (0 to 1) of what it leaves above the slimmest path. */
    fun lowered(share: Double): Budget = copy(amount = costs.first() + share * (min(amount, costs.last()) - costs.first()))
}

/**
 * Which path an image takes: `argmax(scores - bias * lean)`, `lean` being a path's multiply-adds relative to the widest path's.
 * With a budget the bias follows the images; `bias` is then that of the first.
 *
 * The twin of dsnet_edge/runtime/policy.py, which explains it (docs/budget.md): the same scores give the same paths.
 */
data class Policy(val lean: List<Double>, val bias: Double = 0.0, val budget: Budget? = null)

/** Of a policy with a budget, after `images` images. A new one for each image; nothing is changed in place. */
data class State(
    val window: List<DoubleArray> = emptyList(), // scores of the latest images
    val images: Int = 0,
    val spent: Double = 0.0, // by all images
    val allowed: Double = 0.0,
    val dear: Double = 0.0, // the bias at which the window would cost a little more than it should ...
    val cheap: Double = 0.0, // ... and at most what it should
) {
    val mean: Double get() = if (images == 0) 0.0 else spent / images
}

/** The path of an image, the bias that led to it, and the state for the next image. */
data class Choice(val path: Int, val bias: Double, val state: State)

fun initial(policy: Policy): State = State(dear = policy.bias, cheap = policy.bias)

/** `scores`: of the gate, one a path. They are not kept. */
fun choose(policy: Policy, state: State, scores: FloatArray): Choice {
    val exact = DoubleArray(scores.size) { scores[it].toDouble() }
    val budget = policy.budget ?: return Choice(argmax(exact, policy.lean, policy.bias), policy.bias, state)
    val bias = if (state.spent < state.allowed) state.dear else state.cheap
    val path = budget.onlyPath ?: argmax(exact, policy.lean, bias)
    return Choice(path, bias, account(policy, budget, state, exact, path))
}

/** Books an image, and looks for a bias at which images like the latest would in one window bring the account to zero. */
private fun account(policy: Policy, budget: Budget, state: State, scores: DoubleArray, path: Int): State {
    val finite = scores.none { it.isNaN() || it.isInfinite() }
    val after = state.copy(
        window = if (finite) state.window.takeLast(WINDOW - 1) + scores else state.window,
        images = state.images + 1,
        spent = state.spent + budget.costs[path],
        allowed = state.allowed + min(budget.amount, budget.costs.last()), // nobody can save up what cannot be spent
    )
    val due = after.images % EVERY == 0 || after.images in listOf(1, 2, 4, 8)
    if (!due || after.window.isEmpty()) return after
    val aim = budget.amount + (after.allowed - after.spent) / WINDOW
    val (dear, cheap) = solve(after.window, policy.lean, budget.costs, aim)
    return after.copy(dear = dear, cheap = cheap)
}

/** The first of the greatest; a NaN is greater than all, as in NumPy. */
internal fun argmax(scores: DoubleArray, lean: List<Double>, bias: Double): Int {
    var best = 0
    var greatest = Double.NEGATIVE_INFINITY
    for (path in scores.indices) {
        val score = if (bias == 0.0) scores[path] else scores[path] - bias * lean[path]
        if (score.isNaN()) return path
        if (score > greatest) {
            best = path
            greatest = score
        }
    }
    return best
}
