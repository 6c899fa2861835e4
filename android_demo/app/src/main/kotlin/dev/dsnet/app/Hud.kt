package dev.dsnet.app

import dev.dsnet.hud.Budget
import dev.dsnet.hud.Energy
import dev.dsnet.hud.Situation
import dev.dsnet.hud.Statistics
import dev.dsnet.hud.hudModel
import dev.dsnet.screen.Screen
import dev.dsnet.screen.Steering
import dev.dsnet.screen.message

/** What the HUD shows of the screen, the frames and the phone. */
internal class Hud(private val view: HudView, private val inference: Inference) {
    fun show(screen: Screen, energy: Energy) {
        val manifest = inference.bundle?.manifest
        val heat = screen.thermal.share
        val steering = Steering(screen.settings.path, screen.settings.budget, heat)
        val costs = inference.costs.takeIf { steering.budget != null }
        val budget = if (manifest == null || costs == null) null else policy(manifest, costs, steering).budget
        val situation = Situation(
            engine = screen.settings.backend.title,
            manifest = manifest,
            message = message(screen)?.text,
            paused = screen.settings.paused,
            energy = energy,
            budget = budget?.let { Budget(it.amount, it.unit.symbol) },
            heat = heat,
        )
        val recent = inference.recent
        val statistics = Statistics(recent.framesPerSecond, recent.histogram, recent.recentMs)
        view.show(hudModel(situation, screen.prediction, statistics))
    }
}
