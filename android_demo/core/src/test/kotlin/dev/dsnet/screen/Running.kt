package dev.dsnet.screen

internal val World.cameraTicket: Int get() = checkNotNull(camera).ticket

internal val World.bundleTicket: Int get() = checkNotNull(bundle).ticket

internal val World.engineTicket: Int get() = checkNotNull(engine).ticket

/** Allowed, and with all that was asked for opened. */
internal fun running(): World {
    val world = World().send(Event.Started, Event.Resumed(true), Event.SurfaceReady)
    world.send(Event.BundleOpened(world.bundleTicket, 14))
    world.send(Event.EngineOpened(world.engineTicket), Event.CameraOpened(world.cameraTicket))
    return world.send(Event.FirstFrame(world.cameraTicket))
}
