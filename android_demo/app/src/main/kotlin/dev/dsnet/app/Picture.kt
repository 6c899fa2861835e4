package dev.dsnet.app

import android.graphics.Matrix
import android.graphics.SurfaceTexture
import android.view.TextureView
import dev.dsnet.camera.previewTransform

/** Where the camera's picture is shown. `onReady` tells that there is a surface; whom `onGone` tells of its end releases it. */
internal class Picture(
    private val view: TextureView,
    private val onReady: () -> Unit,
    private val onGone: (SurfaceTexture) -> Unit,
) {
    private var lens: Lens? = null
    private var display = 0

    init {
        view.surfaceTextureListener = Listener()
        view.addOnLayoutChangeListener { _, _, _, _, _, _, _, _, _ -> transform() }
    }

    val texture: SurfaceTexture? get() = view.surfaceTexture

    /** This camera's picture comes next. */
    fun show(next: Lens) {
        lens = next
        transform()
    }

    /** The display stands so now, in degrees. */
    fun turn(degrees: Int) {
        display = degrees
        transform()
    }

    private fun transform() {
        val lens = lens ?: return
        if (view.width == 0 || view.height == 0) return
        val (x, y, degrees) = previewTransform(lens.streams.shown, lens.orientation, display, view.width, view.height)
        val (middleX, middleY) = view.width / 2f to view.height / 2f
        val matrix = Matrix()
        matrix.setScale(x, y, middleX, middleY)
        matrix.postRotate(degrees.toFloat(), middleX, middleY)
        view.setTransform(matrix)
    }

    private inner class Listener : TextureView.SurfaceTextureListener {
        override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int): Unit = onReady()

        override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int): Unit = transform()

        override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
            onGone(texture)
            return false
        }

        override fun onSurfaceTextureUpdated(texture: SurfaceTexture): Unit = Unit
    }
}
