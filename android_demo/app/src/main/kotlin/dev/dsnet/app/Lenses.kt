package dev.dsnet.app

import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.util.Size
import dev.dsnet.camera.PictureSize
import dev.dsnet.camera.Streams
import dev.dsnet.camera.chooseStreams

/** A camera of the phone. `orientation`: degrees clockwise that its sensor is turned by. */
internal class Lens(val id: String, val orientation: Int, val front: Boolean, val streams: Streams)

/** The first camera that looks away from the user, else any; null where there is none. Throws [CameraAccessException]. */
internal fun findLens(manager: CameraManager): Lens? {
    val lenses = manager.cameraIdList.mapNotNull { id -> lens(id, manager.getCameraCharacteristics(id)) }
    return lenses.firstOrNull { !it.front } ?: lenses.firstOrNull()
}

private fun lens(id: String, characteristics: CameraCharacteristics): Lens? {
    val map = characteristics.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP) ?: return null
    val frames = sizes(map.getOutputSizes(ImageFormat.YUV_420_888))
    val streams = chooseStreams(frames, sizes(map.getOutputSizes(SurfaceTexture::class.java))) ?: return null
    val front = characteristics.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_FRONT
    return Lens(id, characteristics.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0, front, streams)
}

private fun sizes(found: Array<Size>?): List<PictureSize> = found.orEmpty().map { PictureSize(it.width, it.height) }
