"""An app with a model and a job."""
