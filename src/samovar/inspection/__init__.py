"""What people may ask about any backend's jobs and queues. Read `port` first."""
