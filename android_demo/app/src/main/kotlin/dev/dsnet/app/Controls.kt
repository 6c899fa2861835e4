package dev.dsnet.app

import android.view.View
import android.widget.Button
import android.widget.SeekBar
import android.widget.Switch
import android.widget.TextView
import dev.dsnet.demo.R
import dev.dsnet.screen.Event
import dev.dsnet.screen.Screen
import dev.dsnet.screen.Settings
import dev.dsnet.screen.message
import kotlin.math.roundToInt

/** The controls in `view` (controls.xml): shows what the screen is set to, and tells what the user does. */
internal class Controls(private val view: View, private val send: (Event) -> Unit, dialogs: Dialogs) {
    private val budget = view.findViewById(R.id.budget) as SeekBar
    private val budgetValue = view.findViewById(R.id.budget_value) as TextView
    private val trained = view.findViewById(R.id.trained) as Switch
    private val action = view.findViewById(R.id.action) as Button
    private val engine = view.findViewById(R.id.engine) as Button
    private val bundle = view.findViewById(R.id.bundle) as Button
    private val pause = view.findViewById(R.id.pause) as Button
    private val benchmark = view.findViewById(R.id.benchmark) as Button
    private var shown: Shown? = null

    private data class Shown(val settings: Settings, val action: String?)

    init {
        budget.setOnSeekBarChangeListener(Slid())
        trained.setOnCheckedChangeListener { _, isChecked ->
            if (isChecked != (shown?.settings?.budget == null)) send(Event.BudgetChanged(if (isChecked) null else share))
        }
        action.setOnClickListener { send(Event.ActionPressed) }
        engine.setOnClickListener { dialogs.chooseEngine() }
        bundle.setOnClickListener { dialogs.chooseBundle() }
        pause.setOnClickListener { send(Event.PausePressed) }
        benchmark.setOnClickListener { send(Event.BenchmarkStarted) }
    }

    fun show(screen: Screen) {
        val next = Shown(screen.settings, message(screen)?.action?.title)
        if (next == shown) return
        shown = next
        show(next)
    }

    private val share: Double get() = budget.progress / budget.max.toDouble()

    private fun show(next: Shown) {
        val settings = next.settings
        val context = view.context
        trained.isChecked = settings.budget == null
        budget.isEnabled = settings.budget != null
        settings.budget?.let { budget.progress = (it * budget.max).roundToInt() }
        budgetValue.text = settings.budget?.let { context.getString(R.string.budget_share, (it * 100).roundToInt()) }
            ?: context.getString(R.string.budget_none)
        engine.text = context.getString(R.string.engine_is, settings.backend.title)
        bundle.text = context.getString(R.string.bundle_is, settings.bundle ?: context.getString(R.string.bundle_demo))
        pause.setText(if (settings.paused) R.string.go_on else R.string.pause)
        action.visibility = if (next.action == null) View.GONE else View.VISIBLE
        action.text = next.action.orEmpty()
    }

    private inner class Slid : SeekBar.OnSeekBarChangeListener {
        override fun onProgressChanged(bar: SeekBar, progress: Int, fromUser: Boolean) {
            if (fromUser) send(Event.BudgetChanged(share))
        }

        override fun onStartTrackingTouch(bar: SeekBar): Unit = Unit

        override fun onStopTrackingTouch(bar: SeekBar): Unit = Unit
    }
}
