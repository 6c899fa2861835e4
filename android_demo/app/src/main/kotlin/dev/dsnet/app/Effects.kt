package dev.dsnet.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.hardware.camera2.CameraManager
import android.net.Uri
import android.os.Handler
import android.provider.Settings
import android.view.TextureView
import dev.dsnet.screen.CameraFault
import dev.dsnet.screen.Effect
import dev.dsnet.screen.Event

/** Does what the screen wants done, and reports what came of it to `send`, always later and on the main thread. */
internal class Effects(
    private val activity: Activity,
    view: TextureView,
    private val handler: Handler,
    private val inference: Inference,
    private val dialogs: Dialogs,
    private val send: (Event) -> Unit,
) : AutoCloseable {
    private val camera: Camera = Camera(
        activity.getSystemService(CameraManager::class.java),
        onLens = { lens -> handler.post { picture.show(lens) } },
        onFrame = inference::offer,
        report = ::report,
    )
    private val picture: Picture = Picture(view, onReady = { report(Event.SurfaceReady) }, onGone = { texture ->
        send(Event.SurfaceGone)
        camera.afterwards(texture::release)
    })

    fun perform(effect: Effect) {
        when (effect) {
            is Effect.RequestPermission -> activity.requestPermissions(arrayOf(Manifest.permission.CAMERA), 0)
            is Effect.OpenCamera -> openCamera(effect.ticket)
            is Effect.CloseCamera -> camera.close(effect.ticket)
            is Effect.WakeCamera -> handler.postDelayed({ send(Event.CameraDue(effect.ticket)) }, effect.afterMs)
            is Effect.OpenBundle -> inference.openBundle(effect.ticket, effect.name)
            is Effect.OpenEngine -> inference.openEngine(effect.ticket, effect.backend)
            is Effect.CloseEngine -> inference.closeEngine(effect.ticket)
            is Effect.StartInference -> inference.start(effect.ticket, effect.steering)
            is Effect.StopInference -> inference.stop(effect.ticket)
            is Effect.Steer -> inference.steer(effect.steering)
            is Effect.Turn -> turn(effect.degrees)
            is Effect.ShowSettings -> showSettings()
            is Effect.ShowBundles -> dialogs.chooseBundle()
            is Effect.ShowBenchmark -> dialogs.showBenchmark()
        }
    }

    override fun close() {
        camera.quit()
        inference.quit()
    }

    private fun report(event: Event) {
        handler.post { send(event) }
    }

    private fun openCamera(ticket: Int) {
        val texture = picture.texture
        if (texture == null) report(Event.CameraFailed(ticket, CameraFault.ERROR)) else camera.open(ticket, texture)
    }

    private fun turn(degrees: Int) {
        camera.turn(degrees)
        picture.turn(degrees)
    }

    private fun showSettings() {
        val app = Uri.fromParts("package", activity.packageName, null)
        activity.startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, app))
    }
}
