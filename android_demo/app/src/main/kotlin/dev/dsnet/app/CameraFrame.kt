package dev.dsnet.app

import android.graphics.ImageFormat
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.view.Surface
import dev.dsnet.camera.PictureSize
import dev.dsnet.image.Plane
import dev.dsnet.image.YuvFrame

// One in the network, one that waits for it, and two to find out which is the latest.
private const val IMAGES = 4

/** A picture of the camera in the camera's own memory, which needs it back: close it, once. `rotation` as in [YuvFrame]. */
internal class CameraFrame(image: Image, rotation: Int, private val giveBack: () -> Unit) : AutoCloseable {
    val yuv: YuvFrame = image.planes.map { Plane(it.buffer, it.rowStride, it.pixelStride) }.let { (y, u, v) ->
        YuvFrame(image.width, image.height, y, u, v, rotation)
    }

    override fun close(): Unit = giveBack()
}

/** The camera's pictures of one size. Closing takes effect when the last frame is back, as another thread may be reading it. */
internal class FrameReader(size: PictureSize, private val rotation: () -> Int) : AutoCloseable {
    private val reader = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, IMAGES)
    private val lock = Any()
    private var lent = 0
    private var closed = false

    val surface: Surface get() = reader.surface

    /** `onFrame` gets the latest frame, on the thread of `handler`. */
    fun listen(handler: Handler, onFrame: (CameraFrame) -> Unit): Unit =
        reader.setOnImageAvailableListener({ latest()?.let(onFrame) }, handler)

    override fun close(): Unit = synchronized(lock) {
        closed = true
        closeIfIdle()
    }

    /** Null where there is none any more, or as many are lent as there are. */
    private fun latest(): CameraFrame? = synchronized(lock) {
        val image = try {
            if (closed) null else reader.acquireLatestImage()
        } catch (error: IllegalStateException) {
            null
        }
        image?.let {
            lent += 1
            CameraFrame(it, rotation()) { takeBack(it) }
        }
    }

    private fun takeBack(image: Image): Unit = synchronized(lock) {
        image.close()
        lent -= 1
        closeIfIdle()
    }

    private fun closeIfIdle() {
        if (closed && lent == 0) reader.close()
    }
}
