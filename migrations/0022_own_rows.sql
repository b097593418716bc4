-- Rows are kept apart: who may see which is told by the policies that the grants come with.
-- depends: 0020_known_people

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Never forced: the engine writes as the owner, whom no policy binds.
alter table badges.activities enable row level security;
alter table badges.award_events enable row level security;
alter table badges.badge_definitions enable row level security;
alter table badges.badge_denials enable row level security;
alter table badges.earned_badges enable row level security;
alter table badges.external_ids enable row level security;
alter table badges.org_badge_configs enable row level security;
alter table badges.organizations enable row level security;
alter table badges.peer_mentor_stats enable row level security;
alter table badges.rule_sets enable row level security;
