package dev.dsnet.app.benchmark

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.LinearLayout
import android.widget.TextView
import dev.dsnet.demo.R
import dev.dsnet.measure.ResultRow
import dev.dsnet.measure.SeriesResult

/** A heading, a verdict and a table for every series; then the warnings. TalkBack reads a row as one sentence. */
internal fun showResults(into: LinearLayout, results: List<SeriesResult>, warnings: List<String>) {
    into.removeAllViews()
    for (result in results) {
        addText(into, R.layout.benchmark_heading, result.title)
        addText(into, R.layout.benchmark_text, result.verdict)
        for (row in result.rows) addRow(into, row)
    }
    for (warning in warnings) addText(into, R.layout.benchmark_text, warning)
}

private fun addText(into: LinearLayout, layout: Int, text: String) {
    val view = inflate(into, layout) as TextView
    view.text = text
    into.addView(view)
}

private fun addRow(into: LinearLayout, row: ResultRow) {
    val view = inflate(into, R.layout.benchmark_row) as ViewGroup
    val cells = listOf(R.id.benchmark_path, R.id.benchmark_madds, R.id.benchmark_median, R.id.benchmark_interval)
    val texts = listOf(row.path, row.madds, row.median, row.interval)
    for ((id, text) in cells.zip(texts)) (view.findViewById(id) as TextView).text = text
    view.contentDescription = row.spoken
    into.addView(view)
}

private fun inflate(into: LinearLayout, layout: Int): View =
    into.context.getSystemService(LayoutInflater::class.java).inflate(layout, into, false)
