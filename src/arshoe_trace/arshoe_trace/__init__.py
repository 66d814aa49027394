"""Where each frame's time goes: reads traces of the pipeline, analyses them, reports. Nothing imports this package."""
