"""The alarms, one module a subject, with their names, their metrics and what makes one alarm of several.

Who is told belongs into `alerting`, what is drawn into `dashboards`.
"""
