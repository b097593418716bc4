set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table badges.rule_sets disable row level security;
alter table badges.peer_mentor_stats disable row level security;
alter table badges.organizations disable row level security;
alter table badges.org_badge_configs disable row level security;
alter table badges.external_ids disable row level security;
alter table badges.earned_badges disable row level security;
alter table badges.badge_denials disable row level security;
alter table badges.badge_definitions disable row level security;
alter table badges.award_events disable row level security;
alter table badges.activities disable row level security;
