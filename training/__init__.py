"""Who is qualified: courses, exams, certificates, tiers and authority. A room once its first model is needed."""
