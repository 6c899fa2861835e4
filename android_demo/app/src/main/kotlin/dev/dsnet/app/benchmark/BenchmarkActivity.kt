package dev.dsnet.app.benchmark

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.view.View
import android.view.WindowManager.LayoutParams
import android.widget.Button
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import dev.dsnet.DsnetException
import dev.dsnet.app.isInBuild
import dev.dsnet.app.threads
import dev.dsnet.demo.R
import dev.dsnet.engine.Backend
import dev.dsnet.measure.EXTRAS
import dev.dsnet.measure.RUN
import dev.dsnet.measure.readRequest
import dev.dsnet.measure.resultOf
import kotlin.math.roundToInt

/**
 * Measures every path and shows what came of it. Started with the extra `run`, as `dsnet-edge android bench` does, it begins at
 * once. A benchmark ends with its screen: what is measured behind another app is not what the app would take.
 */
class BenchmarkActivity : Activity() {
    private val bar by lazy { findViewById(R.id.benchmark_progress) as ProgressBar }
    private val told by lazy { findViewById(R.id.benchmark_told) as TextView }
    private val results by lazy { findViewById(R.id.benchmark_results) as LinearLayout }
    private val toggle by lazy { findViewById(R.id.benchmark_start) as Button }
    private val share by lazy { findViewById(R.id.benchmark_share) as Button }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.benchmark)
        toggle.setOnClickListener { if (Running.isGoing) Running.stop() else start(inApp()) }
        share.setOnClickListener { (Running.progress as? Progress.Done)?.let { startActivity(sharing(it.run)) } }
        if (savedInstanceState != null || intent.getStringExtra(RUN) == null) return
        @Suppress("DEPRECATION") // their successors need API 27; nobody may be there to unlock the phone
        window?.addFlags(LayoutParams.FLAG_SHOW_WHEN_LOCKED or LayoutParams.FLAG_TURN_SCREEN_ON)
        start(EXTRAS.mapNotNull { name -> intent.getStringExtra(name)?.let { name to it } }.toMap())
    }

    override fun onStart() {
        super.onStart()
        Running.listener = ::show
        show(Running.progress)
    }

    override fun onStop() {
        super.onStop()
        Running.listener = null
        if (!isChangingConfigurations) Running.stop()
    }

    /** Every engine of this build, on as many threads as the camera's screen gives it, whose budgets are then in milliseconds. */
    private fun inApp(): Map<String, String> {
        val backends = Backend.values().filter(::isInBuild).joinToString(",") { it.backend }
        val wanted = mapOf(RUN to "app", "backends" to backends, "threads" to threads().toString())
        return intent.getStringExtra("bundle")?.let { wanted + ("bundle" to it) } ?: wanted
    }

    private fun start(extras: Map<String, String>) = try {
        Running.start(this, readRequest(extras))
        show(Running.progress)
    } catch (error: DsnetException) {
        show(Progress.Failed(error.message.orEmpty()))
    }

    private fun show(progress: Progress) {
        val isGoing = Running.isGoing
        toggle.setText(if (isGoing) R.string.benchmark_stop else R.string.benchmark_start)
        val hasProfile = progress is Progress.Done && progress.campaign.profile.series.isNotEmpty()
        share.visibility = if (hasProfile) View.VISIBLE else View.GONE
        bar.visibility = if (isGoing) View.VISIBLE else View.INVISIBLE
        bar.keepScreenOn = isGoing
        val campaign = when (progress) {
            is Progress.Going -> progress.step.campaign
            is Progress.Done -> progress.campaign
            else -> null
        }
        bar.progress = ((campaign?.fraction ?: 0.0) * bar.max).roundToInt()
        told.text = when (progress) {
            is Progress.Idle -> getString(if (isGoing) R.string.benchmark_begins else R.string.benchmark_about)
            is Progress.Going -> progress.step.told.ifEmpty { getString(R.string.benchmark_going) }
            is Progress.Done -> getString(R.string.benchmark_done)
            is Progress.Failed -> progress.message
        }
        showResults(results, campaign?.let { resultOf(it.profile) }.orEmpty(), campaign?.profile?.warnings.orEmpty())
    }

    private fun sharing(run: String): Intent {
        val send = Intent(Intent.ACTION_SEND)
        send.type = ProfileProvider.TYPE
        send.putExtra(Intent.EXTRA_STREAM, ProfileProvider.address(run))
        send.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        return Intent.createChooser(send, getString(R.string.benchmark_share))
    }
}
