package dev.dsnet.hud

import java.awt.Graphics2D
import java.awt.RenderingHints
import java.awt.image.BufferedImage
import java.io.File
import javax.imageio.ImageIO
import kotlin.math.roundToInt

private val upright = Insets(0, 24, 0, 48) // dp of the system's bars
private val lying = Insets(0, 24, 40, 0)

private val devices = mapOf(
    "portrait" to view(360, 740, upright),
    "landscape" to view(740, 360, lying),
    "portrait-large" to view(360, 740, upright, 2f),
    "landscape-large" to view(740, 360, lying, 2f),
    "small" to view(320, 480, upright, density = 1f),
    "small-large" to view(320, 480, upright, 2f, density = 1f),
    "tablet" to view(800, 1280, upright, density = 1f),
)

/**
 * Writes `STATE-DEVICE-THEME.png` for all of them over a photo, or only those that are named.
 *
 *     Screenshots PHOTO FOLDER [NAME ...]
 */
fun main(arguments: Array<String>) {
    System.setProperty("java.awt.headless", "true")
    val photo = ImageIO.read(File(arguments[0]))
    val folder = File(arguments[1]).apply { mkdirs() }
    val wanted = arguments.drop(2).toSet()
    val themes = mapOf("dark" to Theme.DARK, "light" to Theme.LIGHT)
    for ((state, model) in models) for ((name, device) in devices) for ((tone, theme) in themes) {
        val file = "$state-$name-$tone"
        if (wanted.isNotEmpty() && file !in wanted) continue
        ImageIO.write(screenshot(model, device, theme, photo), "png", File(folder, "$file.png"))
    }
}

private fun screenshot(model: HudModel, viewport: Viewport, theme: Theme, photo: BufferedImage): BufferedImage {
    val picture = BufferedImage(viewport.width, viewport.height, BufferedImage.TYPE_INT_RGB)
    val canvas = picture.createGraphics()
    canvas.fill(photo, viewport)
    AwtPainter.paint(layout(model, viewport, theme, AwtPainter), canvas)
    canvas.dispose()
    return picture
}

/** The photo fills the view, as a camera's picture does. */
private fun Graphics2D.fill(photo: BufferedImage, viewport: Viewport) {
    val scale = maxOf(viewport.width.toDouble() / photo.width, viewport.height.toDouble() / photo.height)
    val (wide, high) = (photo.width * scale).roundToInt() to (photo.height * scale).roundToInt()
    setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC)
    drawImage(photo, (viewport.width - wide) / 2, (viewport.height - high) / 2, wide, high, null)
}
