# What goes out: the topic, for the deploy pipeline's approval.

output "approvals_topic_arn" {
  description = "Topic that announces what waits for approval, failed pipelines and alarms."
  value       = aws_sns_topic.approvals.arn

  depends_on = [aws_sns_topic_policy.approvals]
}
