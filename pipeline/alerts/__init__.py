"""Alerts: state and rows that rules report, messages about them, and their delivery."""

from pipeline.alerts.alert import AlertCheck, AlertItem, DeliveryPolicy

__all__ = ["AlertCheck", "AlertItem", "DeliveryPolicy"]
