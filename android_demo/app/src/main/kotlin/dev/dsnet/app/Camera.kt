package dev.dsnet.app

import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.os.Handler
import android.os.HandlerThread
import dev.dsnet.camera.frameRotation
import dev.dsnet.screen.CameraFault
import dev.dsnet.screen.Event

/**
 * Opens and closes the camera as the screen's effects say, on a thread of its own. There it hands frames to `onFrame`, which has
 * to close them, tells `onLens` which camera is about to show its picture, and calls `report`.
 */
internal class Camera(
    private val manager: CameraManager,
    private val onLens: (Lens) -> Unit,
    private val onFrame: (CameraFrame) -> Unit,
    private val report: (Event) -> Unit,
) {
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)

    // Of the camera's thread:
    private var opening: Opening? = null // the camera that is open, or being opened
    private var display = 0

    fun open(ticket: Int, texture: SurfaceTexture): Unit = onThread {
        val opening = Opening(ticket, texture)
        this.opening = opening
        opening.open()
    }

    fun close(ticket: Int): Unit = onThread { if (opening?.ticket == ticket) end() }

    /** The display stands so now, in degrees. */
    fun turn(degrees: Int): Unit = onThread { display = degrees }

    /** Done after all that the camera's thread has to do by now: there, or at once if it has ended. */
    fun afterwards(work: () -> Unit) {
        if (!handler.post(work)) work()
    }

    /** Ends the thread, after what it still has to do. */
    fun quit() {
        thread.quitSafely()
    }

    private fun onThread(work: () -> Unit) {
        handler.post(work)
    }

    private fun end() {
        opening?.session?.close()
        opening = null
    }

    /** One try to have a camera, from opening it to losing it. Once it is not [opening] any more, it tells nothing. */
    private inner class Opening(val ticket: Int, private val texture: SurfaceTexture) :
        CameraDevice.StateCallback(), SessionListener {
        var session: CameraSession? = null
        private var lens: Lens? = null
        private var frames = false

        fun open() {
            try {
                val lens = findLens(manager) ?: return onFailed(CameraFault.NONE)
                this.lens = lens
                texture.setDefaultBufferSize(lens.streams.shown.width, lens.streams.shown.height)
                onLens(lens)
                manager.openCamera(lens.id, this, handler)
            } catch (error: CameraAccessException) {
                onFailed(fault(error))
            } catch (error: SecurityException) { // the permission was taken back a moment ago
                onFailed(CameraFault.ERROR)
            } catch (error: IllegalArgumentException) { // the camera is gone
                onFailed(CameraFault.DISCONNECTED)
            }
        }

        override fun onOpened(device: CameraDevice) {
            val lens = lens
            if (opening !== this || lens == null) return device.close()
            val reader = FrameReader(lens.streams.frames) { frameRotation(lens.orientation, display, lens.front) }
            session = CameraSession(device, reader, texture, handler, this)
            session?.start()
        }

        override fun onDisconnected(device: CameraDevice) {
            device.close()
            onFailed(CameraFault.DISCONNECTED)
        }

        override fun onError(device: CameraDevice, error: Int) {
            device.close()
            onFailed(
                when (error) {
                    ERROR_CAMERA_IN_USE, ERROR_MAX_CAMERAS_IN_USE -> CameraFault.IN_USE
                    ERROR_CAMERA_DISABLED -> CameraFault.DISABLED
                    else -> CameraFault.ERROR
                },
            )
        }

        override fun onReady() {
            if (opening === this) report(Event.CameraOpened(ticket))
        }

        override fun onFailed(fault: CameraFault) {
            if (opening !== this) return
            end()
            report(Event.CameraFailed(ticket, fault))
        }

        override fun onFrame(frame: CameraFrame) {
            if (!frames) report(Event.FirstFrame(ticket))
            frames = true
            this@Camera.onFrame(frame)
        }
    }
}
