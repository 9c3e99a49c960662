"""Many keys are deleted."""
