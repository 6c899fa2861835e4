package dev.dsnet.app

import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraDevice
import android.os.Handler
import android.view.Surface
import dev.dsnet.screen.CameraFault

/** What becomes of a session, each told on the thread of its handler. */
internal interface SessionListener {
    fun onReady()

    fun onFailed(fault: CameraFault)

    fun onFrame(frame: CameraFrame)
}

/**
 * An open camera that shows its picture on `texture` and gives frames from `reader`. All of it on the thread of `handler`. Takes
 * `device` and `reader` over, and closes them.
 */
internal class CameraSession(
    private val device: CameraDevice,
    private val reader: FrameReader,
    texture: SurfaceTexture,
    private val handler: Handler,
    private val listener: SessionListener,
) : AutoCloseable {
    private val shown = Surface(texture)
    private var closed = false

    fun start() {
        reader.listen(handler) { frame -> if (closed) frame.close() else listener.onFrame(frame) }
        trying {
            @Suppress("DEPRECATION") // its successor needs API 28
            device.createCaptureSession(listOf(shown, reader.surface), Configuring(), handler)
        }
    }

    override fun close() {
        if (closed) return
        closed = true
        device.close() // and with it the session
        reader.close()
        shown.release()
    }

    private fun trying(work: () -> Unit) {
        try {
            work()
        } catch (error: CameraAccessException) {
            listener.onFailed(fault(error))
        } catch (error: IllegalStateException) { // closed by the system a moment ago
            listener.onFailed(CameraFault.DISCONNECTED)
        } catch (error: IllegalArgumentException) { // the surface is gone
            listener.onFailed(CameraFault.ERROR)
        }
    }

    private inner class Configuring : CameraCaptureSession.StateCallback() {
        override fun onConfigured(session: CameraCaptureSession) {
            if (closed) return
            trying {
                val request = device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
                request.addTarget(shown)
                request.addTarget(reader.surface)
                session.setRepeatingRequest(request.build(), null, handler)
                listener.onReady()
            }
        }

        override fun onConfigureFailed(session: CameraCaptureSession) {
            if (!closed) listener.onFailed(CameraFault.ERROR)
        }
    }
}

internal fun fault(error: CameraAccessException): CameraFault = when (error.reason) {
    CameraAccessException.CAMERA_IN_USE, CameraAccessException.MAX_CAMERAS_IN_USE -> CameraFault.IN_USE
    CameraAccessException.CAMERA_DISABLED -> CameraFault.DISABLED
    CameraAccessException.CAMERA_DISCONNECTED -> CameraFault.DISCONNECTED
    else -> CameraFault.ERROR
}
