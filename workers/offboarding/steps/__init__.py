"""The road of a case, one file a step: plan · reset · verify · report (and deliver)."""
