package dev.dsnet.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.content.res.Configuration
import android.hardware.display.DisplayManager
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.os.PowerManager
import android.view.TextureView
import android.view.View
import android.view.ViewGroup
import dev.dsnet.demo.R
import dev.dsnet.hud.Energy
import dev.dsnet.screen.Event
import dev.dsnet.screen.Permission
import dev.dsnet.screen.Screen
import dev.dsnet.screen.reduce
import dev.dsnet.screen.restored
import dev.dsnet.screen.saved
import java.io.File

/**
 * The camera's picture with what the network says of it. What follows from what is decided by [reduce]; here events of Android
 * become events of the screen, and [Effects] does what it answers. Everything on the main thread.
 *
 * Extra of the intent: `bundle`, the name of an installed bundle to show.
 */
class MainActivity : Activity() {
    private val handler = Handler(Looper.getMainLooper())
    private var screen = Screen()
    private var energy: Energy = Energy.Unknown("not measured yet")
    private var orientation = Configuration.ORIENTATION_UNDEFINED
    private lateinit var root: View
    private lateinit var edges: Edges
    private lateinit var dialogs: Dialogs
    private lateinit var controls: Controls
    private lateinit var hud: Hud
    private lateinit var effects: Effects
    private lateinit var cooling: Cooling
    private lateinit var turns: Turns
    private lateinit var ticker: Ticker

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        screen = restored(savedInstanceState?.screen().orEmpty())
        root = findViewById(R.id.root)
        val view = findViewById(R.id.hud) as HudView
        val bundles = Bundles(applicationContext)
        val inference = Inference(bundles, File(filesDir, "benchmarks")) { event -> handler.post { onEvent(event) } }
        edges = Edges(root, view)
        dialogs = Dialogs(this, bundles, { screen.settings }, ::onEvent)
        hud = Hud(view, inference)
        effects = Effects(this, findViewById(R.id.picture) as TextureView, handler, inference, dialogs, ::onEvent)
        view.setOnLongClickListener {
            inference.bundle?.let { dialogs.choosePath(it.manifest.paths.size) }
            true
        }
        inflateControls()
        cooling = Cooling(getSystemService(PowerManager::class.java), handler, ::onEvent)
        turns = Turns(getSystemService(DisplayManager::class.java), root, handler) { onEvent(Event.Rotated(it)) }
        val meter = Meter(applicationContext, handler)
        ticker = Ticker(handler) {
            cooling.tick()
            energy = meter.tick(inference.recent.framesPerSecond?.takeIf { screen.running != null })
        }
        if (savedInstanceState == null) onBundleNamed(intent)
    }

    override fun onStart() {
        super.onStart()
        ticker.start()
        onEvent(Event.Started)
    }

    override fun onResume() {
        super.onResume()
        onEvent(Event.BenchmarkFinished) // whatever covered this screen has gone
        onEvent(Event.Resumed(checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED))
    }

    override fun onPause() {
        onEvent(Event.Paused)
        super.onPause()
    }

    override fun onStop() {
        ticker.stop()
        onEvent(Event.Stopped)
        super.onStop()
    }

    override fun onDestroy() {
        onEvent(Event.Destroyed)
        turns.close()
        cooling.close()
        effects.close()
        super.onDestroy()
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        onBundleNamed(intent)
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putScreen(saved(screen))
    }

    override fun onConfigurationChanged(newConfig: Configuration) {
        super.onConfigurationChanged(newConfig)
        if (newConfig.orientation != orientation) inflateControls()
    }

    override fun onRequestPermissionsResult(requestCode: Int, permissions: Array<String>, grantResults: IntArray) {
        val permission = when {
            grantResults.firstOrNull() == PackageManager.PERMISSION_GRANTED -> Permission.GRANTED
            grantResults.isEmpty() || shouldShowRequestPermissionRationale(Manifest.permission.CAMERA) -> Permission.DENIED
            else -> Permission.DENIED_FOR_EVER
        }
        onEvent(Event.PermissionAnswered(permission))
    }

    private fun onEvent(event: Event) {
        val next = reduce(screen, event)
        screen = next.screen
        next.effects.forEach(effects::perform)
        controls.show(screen)
        hud.show(screen, energy)
        root.keepScreenOn = screen.running != null
    }

    /** Below the picture or beside it. */
    private fun inflateControls() {
        orientation = root.resources.configuration.orientation
        val panel = findViewById(R.id.panel) as ViewGroup
        panel.removeAllViews()
        val view = layoutInflater.inflate(R.layout.controls, panel, false)
        panel.addView(view)
        edges.onControls(view)
        controls = Controls(view, ::onEvent, dialogs)
        controls.show(screen)
    }

    private fun onBundleNamed(intent: Intent) {
        intent.getStringExtra("bundle")?.let { onEvent(Event.BundleChosen(it)) }
    }
}
