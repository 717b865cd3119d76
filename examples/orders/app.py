"""The application: what its queue needs beyond the defaults."""

from samovar import App, Pause

app = App()
# One partition: its jobs are performed one after the other. No dead letter queue: a job that
# fails holds up those behind it until it succeeds.
app.job_topic("orders", partitions=1, pause=Pause(timeout=0.5, max_timeout=30))
