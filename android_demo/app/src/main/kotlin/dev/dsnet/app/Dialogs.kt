package dev.dsnet.app

import android.app.AlertDialog
import android.content.Context
import android.content.Intent
import dev.dsnet.app.benchmark.BenchmarkActivity
import dev.dsnet.demo.R
import dev.dsnet.engine.Backend
import dev.dsnet.screen.Event
import dev.dsnet.screen.Settings

/** Asks the user for one of several; the answer goes to `send`, if there is one. `settings`: those at present. */
internal class Dialogs(
    private val context: Context,
    private val bundles: Bundles,
    private val settings: () -> Settings,
    private val send: (Event) -> Unit,
) {
    fun chooseEngine() {
        val labels = Backend.values().map { if (isInBuild(it)) it.title else context.getString(R.string.engine_absent, it.title) }
        choose(R.string.engine, labels, settings().backend.ordinal) { send(Event.EngineChosen(Backend.values()[it])) }
    }

    fun chooseBundle() {
        val names = listOf(null) + bundles.names()
        val labels = names.map { it ?: context.getString(R.string.bundle_demo) }
        choose(R.string.bundle, labels, names.indexOf(settings().bundle)) { send(Event.BundleChosen(names[it])) }
    }

    /** `paths`: how many the bundle has. */
    fun choosePath(paths: Int) {
        val choices = listOf(null) + (0 until paths)
        val labels = choices.map {
            if (it == null) context.getString(R.string.path_gate) else context.getString(R.string.path_pinned, it)
        }
        choose(R.string.path, labels, choices.indexOf(settings().path)) { send(Event.PathPinned(choices[it])) }
    }

    /** Of the bundle at present. */
    fun showBenchmark() {
        val intent = Intent(context, BenchmarkActivity::class.java)
        settings().bundle?.let { intent.putExtra("bundle", it) }
        context.startActivity(intent)
    }

    private fun choose(title: Int, labels: List<String>, selected: Int, onChosen: (Int) -> Unit) {
        AlertDialog.Builder(context)
            .setTitle(title)
            .setSingleChoiceItems(labels.toTypedArray<CharSequence>(), selected) { dialog, index ->
                dialog.dismiss()
                onChosen(index)
            }
            .setNegativeButton(R.string.cancel) { dialog, _ -> dialog.dismiss() }
            .show()
    }
}
